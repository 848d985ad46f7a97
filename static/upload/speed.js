// How fast an upload is and how long it still takes.

const WINDOW_MS = 5000;

export class Speed {
  constructor() {
    /** @type {{at: number, bytes: number}[]} */
    this.samples = [];
  }

  /** @returns {number | null} bytes per second over the last seconds */
  add(bytes, at) {
    this.samples.push({ at, bytes });
    while (this.samples.length > 2 && at - this.samples[0].at > WINDOW_MS) this.samples.shift();
    const first = this.samples[0];
    return at > first.at ? (1000 * (bytes - first.bytes)) / (at - first.at) : null;
  }
}

export function formatDuration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
