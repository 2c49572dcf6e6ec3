import { parseArgs, type ParseArgsConfig } from 'node:util'

/**
 * What a command was called with. With `--help` it prints the help and ends well; with what there is not it says so on
 * standard error, and ends with 2.
 */
export function readArguments<T extends ParseArgsConfig>(help: string, config: T): ReturnType<typeof parseArgs<T>> {
  const words = process.argv.slice(2)
  if (words.some(word => word === '--help' || word === '-h')) {
    console.log(help)
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    refuse((error as Error).message, help)
  }
}

/** Ends the command: it was called with what it does not take. */
export function refuse(why: string, help: string): never {
  console.error(`${why}\n\n${help}`)
  process.exit(2)
}
