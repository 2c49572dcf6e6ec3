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
    ports: ['client', 'secure', 'proxied', 'advertised', 'controller'],
    proxied: { listen: 'advertised', to: 'proxied' },
    url: port => `kafka://127.0.0.1:${port}`,
    secureUrl: (ports, { user, password }) => `kafka+ssl://${user}:${password}@127.0.0.1:${ports['secure']}`,

    async prepare(place) {
      const { folder } = place
      const properties = join(folder, 'server.properties')
      await mkdir(join(folder, 'data'), { recursive: true })
      await writeFile(properties, serverProperties(place))
      await writeFile(join(folder, 'log4j2.properties'), logging)
      if (await exists(join(folder, 'data/meta.properties'))) return
      const format = ['kafka.tools.StorageTool', 'format', '-t', '4L6g3nShT-eMCtK--X86sw', '-c', properties]
      await runCommand(program, ['-Xmx128m', ...common(folder), ...format, ...scramUsers(place)], { cwd: folder })
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
const metadataRequest = Buffer.from('00000016000300040000000100076861726e6573730000000000', 'hex')

/**
 * The second listener is for clients behind a fault proxy: a Kafka client goes to the address that the broker advertises, so the proxy listens on
 * the port `advertised` and forwards to `proxied`. Internal topics have 4 partitions, not 50: a start is quicker.
 */
function serverProperties(place: Place): string {
  const { folder, ports, config } = place
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
${secureListener(place)}
${config.join('\n')}
`
}

/** A third listener, with TLS and every way of SASL that the client has; a property that is set twice has its last value. */
function secureListener({ ports, secure }: Place): string {
  if (!secure) return ''
  const { user, password, files } = secure
  const at = (port: string) => `127.0.0.1:${ports[port]}`
  const login = 'org.apache.kafka.common.security'
  return `
listeners=PLAINTEXT://${at('client')},PROXIED://${at('proxied')},SECURE://${at('secure')},CONTROLLER://${at('controller')}
advertised.listeners=PLAINTEXT://${at('client')},PROXIED://${at('advertised')},SECURE://${at('secure')}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location=${files.both}
listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.secure.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${user}="${password}";
listener.name.secure.scram-sha-256.sasl.jaas.config=${login}.scram.ScramLoginModule required;
listener.name.secure.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;`
}

function scramUsers({ secure }: Place): string[] {
  if (!secure) return []
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(way => [
    '--add-scram',
    `${way}=[name=${secure.user},password=${secure.password}]`,
  ])
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
