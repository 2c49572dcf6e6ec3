import { serverLife } from '../server-life.ts'

serverLife('nats', '2.15.1')
