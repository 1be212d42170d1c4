// Builds the viewer into one file, dist/viewer.html: script and style are inside, nothing is loaded
// from elsewhere, and the page's own policy (hashes of both) forbids everything else. With --tests:
// test/*_test.ts into dist/test, for node's own test runner.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const common = {
  bundle: true,
  target: "es2021",
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
};

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

async function build_page() {
  const { outputFiles } = await build({
    ...common,
    entryPoints: ["src/main.tsx"],
    minify: true,
    write: false,
    outdir: "dist",
  });
  const text_of = (ending) => outputFiles.find((file) => file.path.endsWith(ending)).text.trim();
  const script = text_of(".js").replaceAll("</script", "<\\/script");
  const style = text_of(".css");
  const parts = {
    POLICY:
      `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; connect-src 'self'; ` +
      `img-src data: blob:; base-uri 'none'; form-action 'none'`,
    STYLE: style,
    SCRIPT: script,
    LICENCE: (await readFile("node_modules/preact/LICENSE", "utf8")).trim(),
  };
  const page = await readFile("src/page.html", "utf8");
  const html = page.replace(/@(POLICY|STYLE|SCRIPT|LICENCE)@/g, (_, name) => parts[name]);
  await writeFile("dist/viewer.html", html);
}

async function build_tests() {
  await rm("dist/test", { recursive: true, force: true });
  const names = (await readdir("test")).filter((name) => /_test\.tsx?$/.test(name));
  await build({
    ...common,
    entryPoints: names.map((name) => `test/${name}`),
    platform: "node",
    format: "esm",
    loader: { ".css": "empty" },
    sourcemap: "inline",
    outdir: "dist/test",
    outExtension: { ".js": ".mjs" },
  });
}

await mkdir("dist", { recursive: true });
await (process.argv.includes("--tests") ? build_tests() : build_page());
