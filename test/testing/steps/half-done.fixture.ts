// What a process that is killed in the middle of a call leaves behind. Done at once, whatever the style of the call.
import fs from 'node:fs'
import { join } from 'node:path'

const { copyFileSync, lstatSync, readdirSync, truncateSync, unlinkSync, writeFileSync, writeSync } = fs

/** @param args as of the synchronous call: of one on an open file, the descriptor first */
export function doHalf(name: string, args: unknown[]): void {
  const halve = HALVES[name]
  if (halve === undefined) throw new Error(`A "${name}" cannot be half done`)
  halve(...(args as never[]))
}

type Data = string | NodeJS.ArrayBufferView | Iterable<Uint8Array>

const HALVES: Record<string, (...args: never[]) => void> = {
  write: (fd: number, bytes: Uint8Array, offset = 0, length = bytes.length - offset, position: number | null = null) =>
    void writeSync(fd, bytes, offset, length >> 1, position),
  writev: (fd: number, parts: Uint8Array[], position: number | null = null) => {
    const bytes = Buffer.concat(parts)
    writeSync(fd, bytes, 0, bytes.length >> 1, position)
  },
  writeFile: (path: string, data: Data, options: object) => writeFileSync(path, firstHalf(data), optionsOf(options)),
  appendFile: (path: string, data: Data, options: object) =>
    writeFileSync(path, firstHalf(data), { flag: 'a', ...optionsOf(options) }),
  copyFile: (source: string, path: string, mode: number) => {
    copyFileSync(source, path, mode)
    truncateSync(path, lstatSync(path).size >> 1)
  },
  rm: (path: string) => {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
    for (const { parentPath, name } of files.slice(files.length >> 1)) unlinkSync(join(parentPath, name))
  },
}

function firstHalf(data: Data): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.concat(partsOf(data))
  return bytes.subarray(0, bytes.length >> 1)
}

function partsOf(data: Exclude<Data, string>): Uint8Array[] {
  return ArrayBuffer.isView(data) ? [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] : [...data]
}

function optionsOf(options: object | string | undefined): object {
  return typeof options === 'object' ? options : {}
}
