/** Apache Kafka behind Millrace's contract. */
import type { Broker } from 'millrace'
import { broker } from 'millrace/adapter'
import { KafkaDriver } from './driver.ts'
import { plan } from './options.ts'
import type { KafkaOptions } from './options.ts'

export type { Wire } from './encode.ts'
export type { KafkaOptions } from './options.ts'

/** A broker over Kafka; it connects at first use. @throws BAD_OPTION */
export function kafka(options: KafkaOptions): Broker {
  return broker(new KafkaDriver(plan(options)), options)
}
