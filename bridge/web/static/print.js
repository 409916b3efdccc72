// The button of the list on paper.
"use strict";

document.getElementById("print").addEventListener("click", () => print());
