import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { rm, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { withMetadata } from "./model.ts";

/** The API behind `npm run dev`. */
const api = process.env["URBANIA"] ?? "http://127.0.0.1:8000";

/** What finds a person in a picture: loaded when somebody first wants another background. */
const vision: Record<string, string> = {
  "vision_wasm_internal.js": "@mediapipe/tasks-vision/wasm/vision_wasm_internal.js",
  "vision_wasm_internal.wasm": "@mediapipe/tasks-vision/wasm/vision_wasm_internal.wasm",
  "selfie.tflite": "@mediapipe/selfie_segmentation/selfie_segmentation.tflite",
};

/** Under names of their own: the loader asks for them by name. The folder's name changes with their version. */
function visionFiles(): Plugin {
  const version = JSON.parse(readFileSync("node_modules/@mediapipe/tasks-vision/package.json", "utf8")).version;
  return {
    name: "vision-files",
    config: () => ({ define: { "import.meta.env.VISION": JSON.stringify(`/assets/vision-${version}`) } }),
    generateBundle() {
      for (const [name, path] of Object.entries(vision)) {
        this.emitFile({
          type: "asset",
          fileName: `assets/vision-${version}/${name}`,
          source: name === "selfie.tflite" ? withMetadata(readFileSync(join("node_modules", path))) : readFileSync(join("node_modules", path)),
        });
      }
    },
  };
}

/** What compresses well is kept in its compressed forms alone: the server has no other. */
function compressed(): Plugin {
  let out = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => void (out = config.build.outDir),
    async closeBundle() {
      for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !/\.(html|js|css|svg|wasm|tflite)$/.test(entry.name)) continue;
        const content = await readFile(path);
        // The best brotli takes half a minute for what few ever load.
        if (content.length < 1_000_000) await writeFile(`${path}.br`, brotliCompressSync(content));
        await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
        await rm(path);
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), visionFiles(), compressed()],
  build: { target: "es2022", outDir: "dist", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000 },
  server: { proxy: { "/api": api } },
});
