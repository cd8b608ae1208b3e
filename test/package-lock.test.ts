import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { z } from 'zod';

const names = z.record(z.string(), z.string()).default({});

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      dependencies: names,
      optionalDependencies: names,
    }),
  ),
});

const LOCK = new URL('../package-lock.json', import.meta.url);

describe('the lock file', () => {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(LOCK, 'utf8')));

  /** Where Node looks for a package from within another, the nearest first. */
  function placesOf(from: string, name: string): string[] {
    const parents = from.split('/node_modules/');
    const above = parents.map((_, at) => parents.slice(0, at + 1).join('/node_modules/'));
    return ['', ...above].map((place) => `${place === '' ? '' : `${place}/`}node_modules/${name}`);
  }

  it('holds every package that another needs, those of other platforms too', () => {
    const missing = Object.entries(packages).flatMap(([from, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !placesOf(from, name).some((place) => place in packages))
        .map((name) => `${name}, which ${from || 'this package'} needs`),
    );
    expect(missing).to.deep.equal([]);
  });

  it('tells each package by its contents, and no registry to get it from', () => {
    const others = Object.entries(packages).filter(([path]) => path !== '');
    expect(others.filter(([, { integrity }]) => integrity === undefined)).to.deep.equal([]);
    expect(others.filter(([, { resolved }]) => resolved !== undefined)).to.deep.equal([]);
  });
});
