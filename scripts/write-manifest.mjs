// Writes oclif.manifest.json, by which a command line knows all commands and loads the module of the one that was typed;
// without it the modules of all are loaded, which takes as long again.
//
//   node scripts/write-manifest.mjs [root] [folder of the commands]
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin, settings } from '@oclif/core';

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const file = join(root, 'oclif.manifest.json');
rmSync(file, { force: true });

const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const commands = process.argv[3] ?? pjson.oclif.commands;
// The modules are loaded as they are there.
settings.enableAutoTranspile = false;
const plugin = new Plugin({
  root,
  type: 'core',
  pjson: { ...pjson, oclif: { ...pjson.oclif, commands } },
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
writeFileSync(file, `${JSON.stringify(plugin.manifest)}\n`);
