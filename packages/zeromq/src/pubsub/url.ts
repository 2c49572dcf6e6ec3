/** What a URL says; strings are checked by whoever reads them. */
export interface FromUrl {
  endpoint: string
  pattern?: string
  bind?: boolean | 'subscriber'
}

/** Reads `zmq+tcp://host:port?pattern=…&bind=1`; answers what is wrong with it as text, without the URL in it. */
export function parseUrl(url: string): FromUrl | string {
  const [address = '', query = ''] = url.split('?', 2)
  if (!/^zmq\+(tcp|ipc|inproc|ws|wss):\/\//.test(address)) {
    return 'zeromq: a url is zmq+tcp://host:port, zmq+ipc://path, zmq+inproc://name, zmq+ws://… or zmq+wss://…; yours is not'
  }
  const found: FromUrl = { endpoint: address.slice('zmq+'.length) }
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'pattern') found.pattern = value
    else if (name === 'bind' && (value === '1' || value === '0')) found.bind = value === '1'
    else if (name === 'bind' && value === 'subscriber') found.bind = value
    else return `zeromq: the URL has pattern, and bind as 1, 0 or subscriber; not '${name}' as yours`
  }
  return found
}
