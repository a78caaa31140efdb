#!/usr/bin/env node
// The program's entry, for clones (bin/aetherfs) and for the published package. It imports nothing of ours before it
// knows that this Node can run the rest, and uses only syntax that old versions read.
import module from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

const NEEDED = 26

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  console.error(`aetherfs: AetherFS needs Node ${NEEDED} or newer; this is ${process.version}`)
  console.error(`hint: Install it from https://nodejs.org, or with your version manager: nvm install ${NEEDED}`)
  process.exitCode = 1
} else {
  makeRoomForMounts()
  enableCompileCache()
  import('./quick-imports.ts').then(() => import('./start.ts')).then(({ start }) => start())
}

/** Saves about half of the start-up time. In the user's own folder: others may write to the usual place, below /tmp. */
function enableCompileCache() {
  const set = process.env.XDG_CACHE_HOME
  const base = set !== undefined && isAbsolute(set) ? set : join(process.env.HOME || homedir(), '.cache')
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE || join(base, 'aetherfs', 'node'))
}

/** Each loop of a mount parks a thread of libuv, which reads this when the first one is needed. */
function makeRoomForMounts() {
  if (process.argv.includes('mount') && !process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = '12'
}
