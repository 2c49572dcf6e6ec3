import { expect, test } from 'vitest'
import { plainImports } from '../build/join-modules.ts'

test("an import by a variable is left as it was written, without tsc's function", () => {
  const compiled = `var __rewriteRelativeImportExtension = (this && this.it) || function (path) {
    return path;
};
import { a } from './a.js';
const module = await import(__rewriteRelativeImportExtension(/* webpackIgnore: true */ name));
`

  expect(plainImports(compiled)).toBe(`import { a } from './a.js';
const module = await import(/* webpackIgnore: true */ name);
`)
})
