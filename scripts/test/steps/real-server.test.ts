import { expect, test } from 'vitest'
import { atServer, serverFor } from '../../steps/real-server.ts'

test('an example gets the server that the first word of its folder names', () => {
  expect(serverFor('mqtt')).toEqual({ server: 'mosquitto', variable: 'MQTT_URL' })
  expect(serverFor('nats-replay')).toEqual({ server: 'nats', variable: 'NATS_URL' })
  expect(serverFor('work-queue')).toBeUndefined()
})

test("a snippet's address is replaced by the server's, its scheme is not", () => {
  expect(atServer("jetstream({ url: 'jetstream://127.0.0.1:4222?prefix=a' })", 'nats://127.0.0.1:20001')).toBe(
    "jetstream({ url: 'jetstream://127.0.0.1:20001?prefix=a' })",
  )
  expect(atServer("'amqp://me:pw@localhost:5672', 'x'", 'amqp://guest:guest@127.0.0.1:20002/')).toBe(
    "'amqp://guest:guest@127.0.0.1:20002', 'x'",
  )
  expect(atServer("'kafka://host:9092'", 'kafka://127.0.0.1:20003')).toBe("'kafka://host:9092'")
})
