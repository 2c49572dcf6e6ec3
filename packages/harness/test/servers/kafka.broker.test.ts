import { serverLife } from '../server-life.ts'

serverLife('kafka', '4.3.1')
