import { serverLife } from '../server-life.ts'

serverLife('mosquitto', '2.0.21')
