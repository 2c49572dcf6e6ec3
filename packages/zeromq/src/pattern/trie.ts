/**
 * Values by topic, found by any of their prefixes: a radix tree with one node for each topic and each fork, walked in
 * loops (a topic of a megabyte costs no stack). A value that is `undefined` does not exist.
 */
export class Trie<V> {
  #root: Node<V> = node(NOTHING)
  #size = 0
  #longest = 0

  /** Distinct topics. */
  get size(): number {
    return this.#size
  }

  /** No topic in it is longer than this many octets: further octets of a message decide nothing. */
  get longest(): number {
    return this.#longest
  }

  get(topic: Uint8Array): V | undefined {
    let at = this.#root
    let read = 0
    while (read < topic.length) {
      const child: Node<V> | undefined = at.children?.get(topic[read]!) // below length
      if (child === undefined || !follows(topic, read, topic.length, child.edge)) return undefined
      read += child.edge.length
      at = child
    }
    return at.value
  }

  /** Keeps a copy of the topic. */
  set(topic: Uint8Array, value: V): void {
    let at = this.#root
    let read = 0
    while (read < topic.length) {
      const first = topic[read]! // below length
      at.children ??= new Map()
      const child = at.children.get(first)
      if (child === undefined) {
        const leaf: Node<V> = node(copy(topic, read, topic.length))
        at.children.set(first, leaf)
        at.only = at.children.size === 1 ? leaf : undefined
        at = leaf
        break
      }
      const same = shared(topic, read, child.edge)
      if (same === child.edge.length) {
        at = child
      } else {
        // The edge forks inside: a node without a value stands between.
        const fork: Node<V> = node(copy(child.edge, 0, same))
        child.edge = child.edge.subarray(same)
        fork.children = new Map([[child.edge[0]!, child]])
        fork.only = child
        at.children.set(first, fork)
        if (at.only !== undefined) at.only = fork
        at = fork
      }
      read += same
    }
    if (at.value === undefined) this.#size++
    at.value = value
    if (topic.length > this.#longest) this.#longest = topic.length
  }

  delete(topic: Uint8Array): boolean {
    let above: Node<V> | undefined
    let parent: Node<V> | undefined
    let at = this.#root
    let read = 0
    while (read < topic.length) {
      const child: Node<V> | undefined = at.children?.get(topic[read]!) // below length
      if (child === undefined || !follows(topic, read, topic.length, child.edge)) return false
      read += child.edge.length
      above = parent
      parent = at
      at = child
    }
    if (at.value === undefined) return false
    at.value = undefined
    this.#size--
    if (this.#size === 0) {
      this.#root = node(NOTHING)
      this.#longest = 0
      return true
    }
    if (parent === undefined) return true
    if (at.children === undefined) {
      parent.children!.delete(at.edge[0]!) // at hangs there
      recount(parent)
      if (above !== undefined) join(above, parent)
    } else {
      join(parent, at)
    }
    return true
  }

  /** Whether any topic is a prefix of the octets `from` to `to` of `text`. */
  matches(text: Uint8Array, from: number = 0, to: number = text.length): boolean {
    let at = this.#root
    let read = from
    while (at.value === undefined) {
      if (read >= to) return false
      const child: Node<V> | undefined = childOf(at, text[read]!) // below length
      if (child === undefined || !follows(text, read, to, child.edge)) return false
      read += child.edge.length
      at = child
    }
    return true
  }

  /** Puts the values of all topics that are prefixes of `text` into `found`, shortest first; returns how many. */
  match(text: Uint8Array, length: number, found: V[]): number {
    let at = this.#root
    let read = 0
    let count = 0
    for (;;) {
      if (at.value !== undefined) found[count++] = at.value
      if (read >= length || at.children === undefined) return count
      const child: Node<V> | undefined = childOf(at, text[read]!) // below length
      if (child === undefined || !follows(text, read, length, child.edge)) return count
      read += child.edge.length
      at = child
    }
  }

  /** Every topic with its value. */
  *entries(): IterableIterator<[topic: Uint8Array, value: V]> {
    const open: { at: Node<V>; before: Uint8Array }[] = [{ at: this.#root, before: NOTHING }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const topic = concat(next.before, next.at.edge)
      if (next.at.children !== undefined) {
        for (const child of next.at.children.values()) open.push({ at: child, before: topic })
      }
      if (next.at.value !== undefined) yield [topic, next.at.value]
    }
  }
}

interface Node<V> {
  edge: Uint8Array
  value: V | undefined
  /** By the first octet of their edges. */
  children: Map<number, Node<V>> | undefined
  /** The child where there is one alone, as there is on most of the ways down. */
  only: Node<V> | undefined
}

const NOTHING = new Uint8Array(0)

function node<V>(edge: Uint8Array): Node<V> {
  return { edge, value: undefined, children: undefined, only: undefined }
}

function childOf<V>(at: Node<V>, octet: number): Node<V> | undefined {
  const { only } = at
  if (only !== undefined) return only.edge[0] === octet ? only : undefined
  return at.children?.get(octet)
}

/** Looks again after a child has gone. */
function recount<V>(at: Node<V>): void {
  const size = at.children?.size ?? 0
  if (size === 0) at.children = undefined
  at.only = undefined
  if (size === 1) for (const child of at.children!.values()) at.only = child // there is one
}

/** A node that has no value and one child is one edge with it. */
function join<V>(parent: Node<V>, at: Node<V>): void {
  if (at.value !== undefined || at.children?.size !== 1) return
  for (const child of at.children.values()) {
    child.edge = concat(at.edge, child.edge)
    parent.children!.set(child.edge[0]!, child) // at hung there
    if (parent.only !== undefined) parent.only = child
  }
}

function follows(text: Uint8Array, from: number, end: number, edge: Uint8Array): boolean {
  if (end - from < edge.length) return false
  for (let i = 1; i < edge.length; i++) if (text[from + i] !== edge[i]) return false
  return true
}

function shared(text: Uint8Array, from: number, edge: Uint8Array): number {
  const most = Math.min(edge.length, text.length - from)
  let i = 0
  while (i < most && text[from + i] === edge[i]) i++
  return i
}

/** `slice` of a Buffer would share its memory. */
function copy(octets: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(octets.subarray(from, to))
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}
