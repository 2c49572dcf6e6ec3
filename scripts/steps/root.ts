import { join } from 'node:path'

/** The checkout's folder. */
export const root: string = join(import.meta.dirname, '..', '..')

/** What scripts write and may always be deleted. */
export const cache: string = join(root, '.cache')
