import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory of its own for each test of the enclosing suite, removed after it. */
export function temporaryDirectory() {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cozy-fleet-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  return {
    path: (...parts: string[]) => join(directory, ...parts),
    write: (name: string, text: string): string => {
      const file = join(directory, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
  };
}
