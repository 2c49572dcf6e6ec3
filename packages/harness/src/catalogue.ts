import { HarnessError } from './error.ts'
import type { Recipe } from './recipe.ts'
import { kafka } from './servers/kafka.ts'
import { mosquitto } from './servers/mosquitto.ts'
import { nats } from './servers/nats.ts'
import { rabbitmq } from './servers/rabbitmq.ts'

/** The servers that can be had. */
export type ServerName = 'kafka' | 'rabbitmq' | 'mosquitto' | 'nats'

const recipes: Readonly<Record<ServerName, Recipe>> = { kafka, rabbitmq, mosquitto, nats }

/** The names of all servers, in the order in which they are shown. */
export const serverNames: readonly ServerName[] = ['kafka', 'rabbitmq', 'mosquitto', 'nats']

/** The versions of a server that can be had, the default first. */
export function serverVersions(name: ServerName): readonly string[] {
  return recipes[name].versions
}

/** The recipe of a server, and its version that is meant: the default, an exact one, or the first that begins so. Throws `BAD_OPTION`. */
export function chosen(name: ServerName, wanted?: string): { recipe: Recipe; version: string } {
  const recipe = recipes[name]
  const matches = (version: string) => version === wanted || version.startsWith(`${wanted}.`)
  const version = wanted === undefined ? recipe.versions[0] : recipe.versions.find(matches)
  if (version !== undefined) return { recipe, version }
  throw new HarnessError('BAD_OPTION', `there is no ${name} ${wanted}; there is ${recipe.versions.join(', ')}`)
}
