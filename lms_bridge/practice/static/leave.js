// Leaves the frame: the page goes on in the whole window.
const link = document.getElementById("leave");
window.top.location.href = link.href;
