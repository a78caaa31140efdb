// The file system with a word of the tests in every call: to see the order of calls, and to let some of them fail.
import * as nodeFs from 'node:fs/promises'
import type { FolderFs } from './folder/folder-fs.ts'

type Call = (...args: unknown[]) => unknown

/** Stands in for one function: it may call the real one, with the same arguments or others. */
export type StandIn = (call: Call, args: unknown[], path: string) => unknown

/**
 * Functions of the file system and of open files, by name. `path` is that of the open file, or the last argument that
 * is a path: of a rename the new name.
 */
export function watchedFs(
  standIns: Record<string, StandIn>,
  watch: (name: string, path: string) => unknown = () => {},
): FolderFs {
  const wrap =
    (name: string, call: Call, path: string | undefined): Call =>
    async (...args) => {
      const about = path ?? pathIn(name, args)
      watch(name, about)
      const standIn = standIns[name]
      const result = await (standIn === undefined
        ? call(...args)
        : standIn((...changed) => call(...(changed.length > 0 ? changed : args)), args, about))
      return name === 'open' ? wrapAll(result as object, wrap, about) : result
    }
  return wrapAll(nodeFs, wrap, undefined) as FolderFs
}

type Wrap = (name: string, call: Call, path: string | undefined) => Call

function wrapAll(object: object, wrap: Wrap, path: string | undefined): object {
  return new Proxy(
    {},
    {
      get(_, name) {
        const value: unknown = Reflect.get(object, name)
        return typeof value === 'function' && typeof name === 'string' ? wrap(name, value.bind(object), path) : value
      },
    },
  )
}

function pathIn(name: string, args: unknown[]): string {
  return String(name === 'link' || name === 'rename' ? args[1] : args[0])
}
