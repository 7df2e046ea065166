import "@fontsource-variable/figtree/wght.css";
import "./style/index.css";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { Speaking } from "./i18n";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <Speaking>
      <App />
    </Speaking>,
  );
}
