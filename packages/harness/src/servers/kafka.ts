import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from '../cache.ts'
import { dialogue } from '../dialogue.ts'
import { HarnessError } from '../error.ts'
import { java, mavenJars } from '../java.ts'
import type { Place, Program, Recipe } from '../recipe.ts'
import { runCommand } from '../run-command.ts'

/** Apache Kafka, one node that is broker and controller (KRaft), from Maven Central. */
export const kafka: Recipe = {
  versions: ['4.3.1'],

  async fetch(version, say) {
    const program = await java(say)
    // Kafka brings log4j but no binding for slf4j; without one it logs nothing at all, errors included.
    const binding = 'org.apache.logging.log4j:log4j-slf4j-impl:2.25.4'
    const jars = await mavenJars(`kafka/${version}`, [`org.apache.kafka:kafka_2.13:${version}`, binding], say)
    return kafkaProgram({ version, program, classes: join(jars, 'libs', '*') })
  },
}

function kafkaProgram({ version, program, classes }: { version: string; program: string; classes: string }): Program {
  const common = (folder: string) => [
    '-XX:TieredStopAtLevel=1',
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    '-cp',
    classes,
  ]
  return {
    version,
    ports: ['client', 'proxied', 'advertised', 'controller'],
    proxied: { listen: 'advertised', to: 'proxied' },
    url: port => `kafka://127.0.0.1:${port}`,

    async prepare(place) {
      const { folder } = place
      const properties = join(folder, 'server.properties')
      await mkdir(join(folder, 'data'), { recursive: true })
      await writeFile(properties, serverProperties(place))
      await writeFile(join(folder, 'log4j2.properties'), logging)
      if (await exists(join(folder, 'data/meta.properties'))) return
      const format = ['kafka.tools.StorageTool', 'format', '-t', '4L6g3nShT-eMCtK--X86sw', '-c', properties]
      await runCommand(program, ['-Xmx128m', ...common(folder), ...format], { cwd: folder })
    },

    command: ({ folder }) => ({
      program,
      args: ['-Xmx320m', '-XX:+UseSerialGC', ...common(folder), 'kafka.Kafka', join(folder, 'server.properties')],
    }),

    async probe({ ports }) {
      const brokers = await dialogue(ports['client']!, async server => {
        server.say(metadataRequest)
        const size = (await server.take(4)).readInt32BE()
        return (await server.take(size)).readInt32BE(8) // after correlation id and throttle time: the length of the array of brokers
      })
      if (brokers < 1) throw new HarnessError('PROTOCOL', 'it knows of no broker yet')
    },
  }
}

// size, api key 3 (Metadata), version 4, correlation id 1, client id, no topics, no auto-creation
const metadataRequest = Buffer.from([
  0,
  0,
  0,
  22,
  0,
  3,
  0,
  4,
  0,
  0,
  0,
  1,
  0,
  7,
  ...Buffer.from('harness'),
  0,
  0,
  0,
  0,
  0,
])

/**
 * The second listener is for clients behind a fault proxy: a Kafka client goes to the address that the broker advertises, so the proxy listens on
 * the port `advertised` and forwards to `proxied`. Internal topics have 4 partitions, not 50: a start is quicker.
 */
function serverProperties({ folder, ports, config }: Place): string {
  const own = { listeners: ports['client'], proxied: ports['proxied'], controller: ports['controller'] }
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${own.controller}
listeners=PLAINTEXT://127.0.0.1:${own.listeners},PROXIED://127.0.0.1:${own.proxied},CONTROLLER://127.0.0.1:${own.controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${own.listeners},PROXIED://127.0.0.1:${ports['advertised']}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(folder, 'data')}
num.partitions=3
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=500
group.consumer.heartbeat.interval.ms=1000
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
${config.join('\n')}
`
}

const logging = `rootLogger.level=warn
rootLogger.appenderRefs=console
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1}: %m%n
logger.k.name=kafka.server.KafkaRaftServer
logger.k.level=info
`
