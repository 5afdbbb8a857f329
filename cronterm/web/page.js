// Before the terminal is made: where its process is, however this page was reached.
const terminal = document.getElementById("terminal");
const socket = new URL("socket", location.href);
socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
socket.search = "";
terminal.dataset.sessionWebsocketUrl = socket.href;
terminal.dataset.fontSize = new URLSearchParams(location.search).get("fontsize") || "16";

// Keys go to the terminal, without a click on it first. It is made when all is loaded.
const focusTerminal = () => document.querySelector(".xterm-helper-textarea")?.focus();
window.addEventListener("load", () => setTimeout(focusTerminal));
window.addEventListener("focus", focusTerminal);
