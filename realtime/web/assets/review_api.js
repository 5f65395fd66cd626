// What the Review tab asks the server for. Errors are one line, thrown.

async function asked(path, options) {
  const answer = await fetch(`/review${path}`, { cache: "no-store", ...options });
  if (!answer.ok) throw new Error((await answer.text()) || `${answer.status} ${answer.statusText}`);
  if (!answer.headers.get("content-type").startsWith("application/json")) return answer;
  const said = await answer.json();
  if (said.error) throw new Error(said.error);
  return said;
}

const posted = (path, wish) => asked(path, { method: "POST", body: JSON.stringify(wish) });

export const sessions = async () => (await asked("/sessions")).sessions;
export const events = (filter) => asked(`/events?${filter}`);
export const event = (ref) => asked(`/events/${ref}`);
export const decide = (ref, wish) => posted(`/events/${ref}`, wish);
export const describe = (id, wish) => posted(`/sessions/${id}`, wish);
export const remove = (id) => asked(`/sessions/${id}`, { method: "DELETE" });
export const restore = (file, keep) => asked(`/import?keep=${keep ? 1 : 0}`, { method: "POST", body: file });
export const refOf = (one) => `${one.session}/${one.event}`;

// The export as a download; what was left out of it.
export async function save(format, ids) {
  const chosen = new URLSearchParams(ids.map((id) => ["session", id]));
  const answer = await asked(`/export/${format}?${chosen}`);
  const name = /filename="(.*)"/.exec(answer.headers.get("content-disposition"))[1];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return { name, leftOut: answer.headers.get("x-left-out") };
}

// An element with its attributes, texts and children: nothing that came from a file is ever taken for markup.
export function made(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export const when = (text) => {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text
    : time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
};
