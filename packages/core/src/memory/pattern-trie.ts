import type { Pattern } from '../pattern.ts'

interface Node<T> {
  readonly next: Map<string, Node<T>>
  readonly here: Set<T>
  /** Values whose pattern ends here in `**`. */
  readonly rest: Set<T>
}

/** Which patterns a topic is in: the cost grows with the topic's levels, not with the number of topics or patterns. */
export class PatternTrie<T> {
  readonly #root: Node<T> = node()

  add(pattern: Pattern, value: T): void {
    const { levels } = pattern
    let at = this.#root
    for (const level of levels) {
      if (level === '**') {
        at.rest.add(value)
        return
      }
      let next = at.next.get(level)
      if (!next) at.next.set(level, (next = node()))
      at = next
    }
    at.here.add(value)
  }

  remove(pattern: Pattern, value: T): void {
    const path: { readonly parent: Node<T>; readonly level: string }[] = []
    let at = this.#root
    for (const level of pattern.levels) {
      if (level === '**') break
      const next = at.next.get(level)
      if (!next) return
      path.push({ parent: at, level })
      at = next
    }
    if (pattern.levels.at(-1) === '**') at.rest.delete(value)
    else at.here.delete(value)
    // Nodes that hold nothing any more go, from the leaf up.
    for (let step = path.pop(); step; step = path.pop()) {
      const child = step.parent.next.get(step.level)
      if (!child || child.next.size + child.here.size + child.rest.size > 0) return
      step.parent.next.delete(step.level)
    }
  }

  /** Every value whose pattern has the topic in its set (`matches`). */
  find(topic: string): Set<T> {
    const found = new Set<T>()
    const levels = topic.split('.')
    const dead = topic.endsWith('.dead')
    let frontier: Node<T>[] = [this.#root]
    for (const [i, level] of levels.entries()) {
      const last = dead && i === levels.length - 1
      const next: Node<T>[] = []
      for (const at of frontier) {
        if (!dead) for (const value of at.rest) found.add(value)
        const literal = at.next.get(level)
        if (literal) next.push(literal)
        const any = last ? undefined : at.next.get('*')
        if (any) next.push(any)
      }
      frontier = next
    }
    for (const at of frontier) {
      for (const value of at.here) found.add(value)
      if (!dead) for (const value of at.rest) found.add(value)
    }
    return found
  }
}

function node<T>(): Node<T> {
  return { next: new Map(), here: new Set(), rest: new Set() }
}
