// Before the terminal is made: where its process is, however this page was reached.
const terminal = document.getElementById("terminal");
const socket = new URL("socket", location.href);
socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
socket.search = "";
terminal.dataset.sessionWebsocketUrl = socket.href;
terminal.dataset.fontSize = new URLSearchParams(location.search).get("fontsize") || "16";

// What the screen has the browser save: the terminal would look for it at the root.
const openWindow = window.open.bind(window);
window.open = (address, ...more) => {
  const key = /\/download\/([\w-]+)$/.exec(address ?? "")?.[1];
  if (!key) return openWindow(address, ...more);
  const link = document.createElement("a");
  link.href = new URL(`files/${key}`, location.href);
  link.download = "";
  link.click();
  return null;
};

// Keys go to the terminal, without a click on it first. It is made when all is loaded.
const focusTerminal = () => document.querySelector(".xterm-helper-textarea")?.focus();
window.addEventListener("load", () => setTimeout(focusTerminal));
window.addEventListener("focus", focusTerminal);
