"""Known facial movements put into pictures: action units, their profile over time, the dense warp."""
