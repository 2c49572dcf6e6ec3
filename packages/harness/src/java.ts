import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from './cache.ts'
import type { Progress } from './cache.ts'
import { debianPrefix } from './debian.ts'
import { HarnessError } from './error.ts'
import { findProgram, runCommand } from './run-command.ts'

/** A Java that Kafka runs on (17 or newer): the machine's own, else a private one. */
export async function java(say: Progress): Promise<string> {
  const own = await findProgram('java')
  if (own && (await javaVersion(own)) >= 17) return own
  const root = await debianJava(say)
  return join(root, jvm, 'bin/java')
}

/** One artifact of Maven Central: `group:artifact:version`. */
export type Coordinates = `${string}:${string}:${string}`

/** A folder of the cache with the jars of these artifacts and of everything that they need at run time. */
export async function mavenJars(name: string, artifacts: readonly Coordinates[], say: Progress): Promise<string> {
  return await cached(
    name,
    async folder => {
      await writeFile(join(folder, 'pom.xml'), pom(artifacts))
      // A repository of its own: it can be thrown away afterwards, and shows a cold run what a cold run downloads.
      const repository = join(folder, '.repository')
      say(`${name}: downloading ${artifacts[0]} and what it needs with Maven`)
      const goal = ['-B', '-U', `-Dmaven.repo.local=${repository}`, `-DoutputDirectory=${folder}/libs`]
      const { command, args, env } = await maven(say)
      await runCommand(command, [...args, ...goal, '-DincludeScope=runtime', 'dependency:copy-dependencies'], {
        cwd: folder,
        env,
        onLine: downloadProgress(name, say),
      })
      await rm(repository, { recursive: true, force: true })
      const jars = await readdir(join(folder, 'libs'))
      say(`${name}: ${jars.length} jars`)
    },
    say,
  )
}

const jvm = 'usr/lib/jvm/java-17-openjdk-amd64'.replace('amd64', process.arch === 'x64' ? 'amd64' : process.arch)

async function debianJava(say: Progress): Promise<string> {
  try {
    return await debianPrefix(
      { name: 'java/17', suite: 'bookworm', packages: ['openjdk-17-jre-headless', 'maven'], programs: [jvm] },
      say,
    )
  } catch (cause) {
    const message = `Kafka needs Java 17 or newer and Maven; install both, or: ${(cause as Error).message}`
    throw new HarnessError('NOT_AVAILABLE', message, { cause })
  }
}

async function maven(say: Progress): Promise<{ command: string; args: string[]; env: Record<string, string> }> {
  const [own, ownJava] = await Promise.all([findProgram('mvn'), findProgram('java')])
  if (own && ownJava) return { command: own, args: [], env: {} }
  const root = await debianJava(say)
  // Debian's launcher looks for its Java in fixed places of the machine, so this does by itself what the launcher does.
  const home = join(root, 'usr/share/maven')
  const launcher = 'org.codehaus.plexus.classworlds.launcher.Launcher'
  const boot = join(home, 'boot/plexus-classworlds-2.x.jar')
  return {
    command: join(root, jvm, 'bin/java'),
    args: [
      '-cp',
      boot,
      `-Dclassworlds.conf=${home}/bin/m2.conf`,
      `-Dmaven.home=${home}`,
      `-Dlibrary.jansi.path=${home}/lib/jansi-native`,
      `-Dmaven.multiModuleProjectDirectory=${home}`,
      launcher,
    ],
    env: {},
  }
}

async function javaVersion(program: string): Promise<number> {
  const found = await runCommand(program, ['--version']).catch(() => '')
  return Number(/^\S+ (\d+)/.exec(found)?.[1] ?? 0)
}

function downloadProgress(name: string, say: Progress): (line: string) => void {
  let count = 0
  let told = Date.now()
  return line => {
    if (!line.includes('Downloaded from')) return
    count += 1
    if (Date.now() - told < 2000) return
    told = Date.now()
    say(`${name}: ${count} files downloaded`)
  }
}

function pom(artifacts: readonly Coordinates[]): string {
  const dependencies = artifacts.map(artifact => {
    const [group, id, version] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>millrace</groupId><artifactId>harness</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>
`
}
