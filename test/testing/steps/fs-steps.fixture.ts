// Loaded before a program (node --import): makes each of its calls of the file system a step, on every thread. Calls with
// callbacks, synchronous ones, promises and open files alike; streams go through them. What Node does below one call, such
// as the opening and writing of `promises.writeFile`, is one step, which can be half done. Not seen: what SQLite does to
// its lock files, what other programs do, and what Node reads to load code.
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { getSystemErrorMap } from 'node:util'
import { doHalf } from './half-done.fixture.ts'
import { die, passGate, plan, siteOf } from './step-gate.fixture.ts'
import type { How } from './step-plan.fixture.ts'

type Call = (...args: unknown[]) => unknown
type Calls = Record<string, Call>
type Style = keyof typeof PASS

const OF_ONE_PATH =
  'access appendFile chmod exists lstat lutimes mkdir mkdtemp open opendir readFile readdir readlink realpath rm rmdir stat statfs truncate unlink utimes writeFile'
const OF_TWO_PATHS = 'copyFile link rename'
const OF_FILE = 'close fchmod fdatasync fstat fsync ftruncate futimes read readv write writev'
const OF_HANDLE = 'appendFile chmod close datasync read readFile readv stat sync truncate utimes write writeFile writev'

/** A call that is a step. */
interface Step {
  name: string
  how: How | undefined
  perform(...changed: unknown[]): unknown
  half(): void
  failure(): Error
  args: unknown[]
}

if (plan) patchAll(Object.entries(plan.places))

function patchAll(places: [name: string, folder: string][]): void {
  /** Paths of files that are open, and of some that were. */
  const opened = new Map<number, string>()

  /** A path as it is called from the place that it lies in; undefined when it lies in none. */
  function nameOf(path: string): string | undefined {
    const [name, folder] = places.find(([, folder]) => path === folder || path.startsWith(`${folder}/`)) ?? []
    return folder && name + path.slice(folder.length)
  }

  function patch(object: Calls, name: string, style: Style, pathsOf: (args: unknown[]) => string[], fd?: () => number) {
    const original = object[name]
    if (original === undefined) return
    const short = name.replace(/Sync$/, '')
    const wrapped: Call = (...args) => {
      const paths = pathsOf(args)
      const perform = (...changed: unknown[]) =>
        noteOpened(short, paths[0]!, original.apply(object, changed.length > 0 ? changed : args))
      const names = paths.map(nameOf)
      if (names.every((name) => name === undefined)) return perform()
      const call = short === 'open' && isForWriting(args[1]) ? 'open:w' : short
      const how = passGate(
        siteOf(
          call,
          names.map((name) => name ?? 'elsewhere'),
        ),
      )
      const half = () => doHalf(short, fd === undefined ? args : [fd(), ...args])
      const failure = () => systemError(short, fd === undefined && typeof args[0] !== 'number' ? paths : [])
      return PASS[style]({ name: short, how, perform, half, failure, args })
    }
    // promisify looks for symbols on it
    object[name] = Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original)) as Call
  }

  function noteOpened(name: string, path: string, result: unknown): unknown {
    if (name !== 'open') return result
    if (typeof result === 'number') opened.set(result, path)
    if (result instanceof Promise) return result.then((handle: FileHandle) => withSteps(handle, path))
    return result
  }

  function withSteps(handle: FileHandle, path: string): FileHandle {
    const calls = handle as unknown as Calls
    for (const name of OF_HANDLE.split(' '))
      patch(
        calls,
        name,
        'promise',
        () => [path],
        () => handle.fd,
      )
    return handle
  }

  /** Of files that are opened by callback. */
  function noteInCallback(args: unknown[]): void {
    const callback = args.at(-1) as Call
    args[args.length - 1] = (error: unknown, fd: unknown) => {
      if (typeof fd === 'number') opened.set(fd, textOf(args[0]))
      callback(error, fd)
    }
  }

  const first = (args: unknown[]) => [textOf(args[0])]
  const two = (args: unknown[]) => [textOf(args[0]), textOf(args[1])]
  const second = (args: unknown[]) => [textOf(args[1])] // of a symbolic link; its target is mere text
  const ofFile = ([fd]: unknown[]) => [opened.get(fd as number) ?? '']
  const firstOfOpen = (args: unknown[]) => {
    if (typeof args.at(-1) === 'function') noteInCallback(args)
    return first(args)
  }

  for (const [names, pathsOf] of [
    [OF_ONE_PATH, first],
    [OF_TWO_PATHS, two],
    ['symlink', second],
    [OF_FILE, ofFile],
  ] as const) {
    for (const name of names.split(' ')) {
      patch(fs as unknown as Calls, `${name}Sync`, 'sync', pathsOf)
      patch(fs as unknown as Calls, name, 'callback', name === 'open' ? firstOfOpen : pathsOf)
      if (pathsOf !== ofFile) patch(fs.promises as unknown as Calls, name, 'promise', pathsOf)
    }
  }
  syncBuiltinESMExports()
}

/** How a step passes, by how its outcome is told. */
const PASS = {
  sync(step: Step): unknown {
    if (step.how === undefined) return step.perform()
    if (step.how === 'fail' && step.name === 'exists') return false
    if (step.how === 'fail') fail(step)
    if (step.how === 'amid') step.half()
    if (step.how === 'after') ignoring(step.perform)
    die()
  },

  async promise(step: Step): Promise<unknown> {
    if (step.how === undefined) return await step.perform()
    if (step.how === 'hang') return await new Promise(() => {})
    if (step.how === 'fail' && step.name === 'close') await step.perform()
    if (step.how === 'fail') throw step.failure()
    if (step.how === 'amid') step.half()
    if (step.how === 'after') await (step.perform() as Promise<unknown>).catch(() => {})
    die()
  },

  callback(step: Step): unknown {
    const callback = step.args.at(-1) as Call
    if (step.how === undefined) return step.perform()
    if (step.how === 'fail' && step.name === 'close') return step.perform(step.args[0], () => callback(step.failure()))
    if (step.how === 'fail') return process.nextTick(callback, step.failure())
    if (step.how === 'after') return step.perform(...step.args.slice(0, -1), die)
    if (step.how === 'amid') step.half()
    die()
  },
}

/** A file that cannot be closed without a failure is closed all the same. */
function fail(step: Step): never {
  if (step.name === 'close') step.perform()
  throw step.failure()
}

function ignoring(perform: () => unknown): void {
  try {
    perform()
  } catch {
    // it is about to be killed
  }
}

function isForWriting(flags: unknown): boolean {
  return typeof flags === 'number'
    ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
    : /[wa+]/.test(String(flags ?? 'r'))
}

function textOf(path: unknown): string {
  return resolve(path instanceof URL ? path.pathname : String(path))
}

/** As Node makes them: those of calls on open files do not name the file, and some have no name themselves. */
function systemError(name: string, [path, dest]: string[]): Error {
  const errno = -(constants.errno as Record<string, number>)[plan?.act?.code ?? 'EIO']!
  const unknown = `Unknown system error ${errno}`
  const [code, text] = getSystemErrorMap().get(errno) ?? [unknown, unknown]
  const isOfOpenFile = /^(read|write|append)File$/.test(name)
  const syscall = isOfOpenFile ? name.replace('File', '').replace('append', 'write') : name
  const names = isOfOpenFile || path === undefined ? {} : { path, ...(dest && { dest }) }
  const where = Object.values(names).map((value) => `'${value}'`)
  const message = [`${code}: ${text}, ${syscall}`, where.join(' -> ')].filter(Boolean).join(' ')
  return Object.assign(new Error(message), { errno, code, syscall, ...names })
}
