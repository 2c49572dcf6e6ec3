import { serverLife } from '../server-life.ts'

serverLife('rabbitmq', '4.0.5')
serverLife('rabbitmq', '3.10.8')
