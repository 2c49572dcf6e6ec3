import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LiveProcess } from './live-process.ts'

/** What the harness knows of a server it started, kept in the server's own folder, so that another process can find and stop exactly that one. */
export interface ServerRecord {
  readonly name: string
  readonly version: string
  readonly url: string
  readonly ports: Readonly<Record<string, number>>
  /** The server itself, once started; leads a process group. */
  readonly server?: LiveProcess
  /** What runs beside it, likewise. */
  readonly companion?: LiveProcess
  /** The process that wants it, where it is to end with that process. */
  readonly owner?: LiveProcess
}

/** The record in that folder, or nothing. */
export async function readRecord(folder: string): Promise<ServerRecord | undefined> {
  const text = await readFile(join(folder, 'record.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as ServerRecord)
}

/** Replaces the record in that folder; a reader sees the old one or the new one. */
export async function writeRecord(folder: string, record: ServerRecord): Promise<void> {
  const path = join(folder, 'record.json')
  await writeFile(`${path}.new`, JSON.stringify(record, undefined, 2) + '\n')
  await rename(`${path}.new`, path)
}
