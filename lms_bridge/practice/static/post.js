// Posts the page's form by itself; without scripts its button does it.
document.getElementById("post").submit();
