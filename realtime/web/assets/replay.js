// Buttons within drawn pages that open another tab: <button data-open-tab="Review">.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-open-tab]") : null;
  if (!button) return;
  const tabs = document.querySelectorAll('#tabs [role="tab"]');
  const wanted = [...tabs].find((tab) => tab.textContent.trim() === button.dataset.openTab);
  if (wanted) wanted.click();
});
