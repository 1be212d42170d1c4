// speedscope's own importer, out of the page that its package ships.
//
// The package has no module to import: all is one script for a browser. That script hands a file that is named on
// its command line to one function; its name is found by the call, the script is run up to where it would begin to
// draw, and the function is kept. The version is pinned, so the call is where we look for it.

import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

const CALL = /window\.speedscope=\{loadFileFromBase64:\((\w+),(\w+)\)=>\{this\.loadProfile\(\(\)=>([\w$]+)\(\1,\2\)\)/;
const DRAWS = 'console.log(`speedscope v';

function importer() {
  const directory = new URL('node_modules/speedscope/dist/release/', import.meta.url);
  const name = fs.readdirSync(directory).find((file) => /^speedscope-.*\.js$/.test(file));
  const source = fs.readFileSync(new URL(name, directory), 'utf8');
  const call = CALL.exec(source);
  const at = source.lastIndexOf(DRAWS);
  if (!call || at < 0) throw new Error(`${name}: its importer is not where it was`);
  const nothing = () => {};
  Object.assign(globalThis, {
    window: globalThis,
    location: { hash: '', href: 'file:///', search: '' },
    localStorage: { getItem: () => null, setItem: nothing },
    matchMedia: () => ({ matches: false, addListener: nothing, addEventListener: nothing }),
    addEventListener: nothing,
    document: { createElement: () => ({ getContext: () => null, style: {} }), addEventListener: nothing },
  });
  vm.runInThisContext(`${source.slice(0, at)}globalThis.importFile=${call[3]};return;${source.slice(at)}`);
  return globalThis.importFile;
}

const importFile = importer();

/** {unit, total, self: {function: weight}} over all profiles of a file in any format that speedscope knows. */
export async function read(file) {
  const group = await importFile(path.basename(file), fs.readFileSync(file).toString('base64'));
  if (!group) throw new Error(`${file}: speedscope knows no such format`);
  const sum = { unit: group.profiles[0].getWeightUnit(), total: 0, profiles: group.profiles.length, self: {} };
  for (const profile of group.profiles) {
    sum.total += profile.getTotalWeight();
    profile.forEachFrame((frame) => {
      if (frame.getSelfWeight() !== 0) sum.self[frame.name] = (sum.self[frame.name] ?? 0) + frame.getSelfWeight();
    });
  }
  return sum;
}
