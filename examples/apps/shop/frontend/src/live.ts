export type LiveState = "connecting" | "open" | "waiting";

export interface LiveEvents {
  onState(state: LiveState): void;
  onWelcome(version: string): void;
  onEcho(text: string): void;
}

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5000;

/** A WebSocket to /api/ws that comes back by itself: a deploy closes it, the new release answers a moment later. */
export class LiveConnection {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private delay = FIRST_DELAY;
  private readonly url: string;
  private readonly events: LiveEvents;

  constructor(url: string, events: LiveEvents) {
    this.url = url;
    this.events = events;
  }

  open(): void {
    this.events.onState("connecting");
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.delay = FIRST_DELAY;
      this.events.onState("open");
    };
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data);
    socket.onclose = () => {
      this.events.onState("waiting");
      this.timer = setTimeout(() => this.open(), this.delay);
      this.delay = Math.min(this.delay * 2, LONGEST_DELAY);
    };
  }

  send(text: string): void {
    this.socket?.send(text);
  }

  close(): void {
    clearTimeout(this.timer);
    if (this.socket) {
      this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
      this.socket.close();
    }
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as { type: "welcome"; version: string } | { type: "echo"; text: string };
    if (message.type === "welcome") this.events.onWelcome(message.version);
    else this.events.onEcho(message.text);
  }
}

/** The address of the backend's WebSocket, on the origin the page came from. */
export function liveUrl(location: Pick<Location, "protocol" | "host">): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/ws`;
}
