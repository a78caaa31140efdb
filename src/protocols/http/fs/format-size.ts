const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** "17 B", "1.5 MiB": three digits are enough for people. */
export function formatSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1)
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`
}
