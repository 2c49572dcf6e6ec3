import { pattern } from 'millrace'
import { describe, expect, test } from 'vitest'
import { native, prefixed } from '../src/topics.ts'

describe('under a prefix', () => {
  const topics = prefixed('shop/eu')

  test.each(['orders', 'orders.created', 'a-b_c.D.9', 'orders.g.dead'])('%s comes back as it went', topic => {
    expect(topics.topicOf(topics.of(topic))).toBe(topic)
  })

  test('dead letters are beside the others, where no pattern meets them that does not ask', () => {
    expect(topics.of('orders.g.dead')).toBe('shop/eu/d/orders/g/dead')
    expect(topics.ofPattern(pattern('orders.**'))).toBe('shop/eu/t/orders/#')
    expect(topics.ofPattern(pattern('*.g.dead'))).toBe('shop/eu/d/+/g/dead')
  })

  test('what is given back keeps its place, and nothing else is taken for it', () => {
    const place = topics.of('orders.created')

    expect(topics.given(topics.back(place, 'g'))).toBe(place)
    expect(topics.given(place)).toBeUndefined()
  })

  test('a control topic is one, and no place is', () => {
    expect(topics.isControl(topics.control('x'))).toBe(true)
    expect(topics.isControl(topics.of('c.x'))).toBe(false)
  })
})

test('native names are MQTT topics as they are, and what a name cannot have is an underscore', () => {
  const topics = native('millrace')

  expect(topics.of('house.cellar')).toBe('house/cellar')
  expect(topics.ofPattern(pattern('house.*.smoke'))).toBe('house/+/smoke')
  expect(topics.topicOf('house//Küche 1')).toBe('house._.K_che_1')
})
