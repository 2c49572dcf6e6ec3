import type { Suite } from '../row.ts';
/** Measures them all, or those whose name has `only` in it. */
export declare const run: Suite;
