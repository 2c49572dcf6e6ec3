import * as zmq from './v5-constants.ts'

/** How an option of version 5 is kept by a socket of version 6. */
export interface V5Option {
  readonly property: string
  /** Version 5 has 0 and 1 where version 6 has booleans; `not`: the other way round, as a boolean. */
  readonly kind?: 'bit' | 'not'
}

/** Options of version 5 by their number. */
export const V5_OPTIONS: ReadonlyMap<number, V5Option> = new Map<number, V5Option>([
  [zmq.ZMQ_AFFINITY, { property: 'affinity' }],
  [zmq.ZMQ_IDENTITY, { property: 'routingId' }],
  [zmq.ZMQ_RATE, { property: 'rate' }],
  [zmq.ZMQ_RECOVERY_IVL, { property: 'recoveryInterval' }],
  [zmq.ZMQ_SNDBUF, { property: 'sendBufferSize' }],
  [zmq.ZMQ_RCVBUF, { property: 'receiveBufferSize' }],
  [zmq.ZMQ_LINGER, { property: 'linger' }],
  [zmq.ZMQ_RECONNECT_IVL, { property: 'reconnectInterval' }],
  [zmq.ZMQ_BACKLOG, { property: 'backlog' }],
  [zmq.ZMQ_RECONNECT_IVL_MAX, { property: 'reconnectMaxInterval' }],
  [zmq.ZMQ_MAXMSGSIZE, { property: 'maxMessageSize' }],
  [zmq.ZMQ_SNDHWM, { property: 'sendHighWaterMark' }],
  [zmq.ZMQ_RCVHWM, { property: 'receiveHighWaterMark' }],
  [zmq.ZMQ_MULTICAST_HOPS, { property: 'multicastHops' }],
  [zmq.ZMQ_RCVTIMEO, { property: 'receiveTimeout' }],
  [zmq.ZMQ_SNDTIMEO, { property: 'sendTimeout' }],
  [zmq.ZMQ_IPV4ONLY, { property: 'ipv6', kind: 'not' }],
  [zmq.ZMQ_ROUTER_MANDATORY, { property: 'mandatory', kind: 'bit' }],
  [zmq.ZMQ_TCP_KEEPALIVE, { property: 'tcpKeepalive' }],
  [zmq.ZMQ_TCP_KEEPALIVE_CNT, { property: 'tcpKeepaliveCount' }],
  [zmq.ZMQ_TCP_KEEPALIVE_IDLE, { property: 'tcpKeepaliveIdle' }],
  [zmq.ZMQ_TCP_KEEPALIVE_INTVL, { property: 'tcpKeepaliveInterval' }],
  [zmq.ZMQ_TCP_ACCEPT_FILTER, { property: 'tcpAcceptFilter' }],
  [zmq.ZMQ_DELAY_ATTACH_ON_CONNECT, { property: 'immediate', kind: 'bit' }],
  [zmq.ZMQ_IPV6, { property: 'ipv6', kind: 'bit' }],
  [zmq.ZMQ_PLAIN_SERVER, { property: 'plainServer', kind: 'bit' }],
  [zmq.ZMQ_PLAIN_USERNAME, { property: 'plainUsername' }],
  [zmq.ZMQ_PLAIN_PASSWORD, { property: 'plainPassword' }],
  [zmq.ZMQ_CURVE_SERVER, { property: 'curveServer', kind: 'bit' }],
  [zmq.ZMQ_CURVE_PUBLICKEY, { property: 'curvePublicKey' }],
  [zmq.ZMQ_CURVE_SECRETKEY, { property: 'curveSecretKey' }],
  [zmq.ZMQ_CURVE_SERVERKEY, { property: 'curveServerKey' }],
  [zmq.ZMQ_ZAP_DOMAIN, { property: 'zapDomain' }],
  [zmq.ZMQ_HEARTBEAT_IVL, { property: 'heartbeatInterval' }],
  [zmq.ZMQ_HEARTBEAT_TTL, { property: 'heartbeatTimeToLive' }],
  [zmq.ZMQ_HEARTBEAT_TIMEOUT, { property: 'heartbeatTimeout' }],
  [zmq.ZMQ_CONNECT_TIMEOUT, { property: 'connectTimeout' }],
])

/** Options of version 5 by their short names, which are properties of its sockets. */
export const V5_NAMES: Readonly<Record<string, number>> = {
  _fd: zmq.ZMQ_FD,
  _ioevents: zmq.ZMQ_EVENTS,
  _receiveMore: zmq.ZMQ_RCVMORE,
  _subscribe: zmq.ZMQ_SUBSCRIBE,
  _unsubscribe: zmq.ZMQ_UNSUBSCRIBE,
  affinity: zmq.ZMQ_AFFINITY,
  backlog: zmq.ZMQ_BACKLOG,
  identity: zmq.ZMQ_IDENTITY,
  linger: zmq.ZMQ_LINGER,
  rate: zmq.ZMQ_RATE,
  rcvbuf: zmq.ZMQ_RCVBUF,
  last_endpoint: zmq.ZMQ_LAST_ENDPOINT,
  reconnect_ivl: zmq.ZMQ_RECONNECT_IVL,
  recovery_ivl: zmq.ZMQ_RECOVERY_IVL,
  sndbuf: zmq.ZMQ_SNDBUF,
  mechanism: zmq.ZMQ_MECHANISM,
  plain_server: zmq.ZMQ_PLAIN_SERVER,
  plain_username: zmq.ZMQ_PLAIN_USERNAME,
  plain_password: zmq.ZMQ_PLAIN_PASSWORD,
  curve_server: zmq.ZMQ_CURVE_SERVER,
  curve_publickey: zmq.ZMQ_CURVE_PUBLICKEY,
  curve_secretkey: zmq.ZMQ_CURVE_SECRETKEY,
  curve_serverkey: zmq.ZMQ_CURVE_SERVERKEY,
  zap_domain: zmq.ZMQ_ZAP_DOMAIN,
  heartbeat_ivl: zmq.ZMQ_HEARTBEAT_IVL,
  heartbeat_ttl: zmq.ZMQ_HEARTBEAT_TTL,
  heartbeat_timeout: zmq.ZMQ_HEARTBEAT_TIMEOUT,
  connect_timeout: zmq.ZMQ_CONNECT_TIMEOUT,
}
