import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../python/nb101fast/data/explorer",
    emptyOutDir: true,
    assetsDir: "", // the folder of an explorer is flat
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: URL
    license: { fileName: "licenses.md" }, // of the libraries in the script
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
