// The answer to Deep Linking leaves by itself; its button remains for whoever waits.
document.getElementById("autopost").submit();
