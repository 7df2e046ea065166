import { useEffect, useState } from "react";
import { rooms, type Waiting } from "../api";

/** How often whoever made the room asks who waits. */
const EVERY = 3000;

const nobody: Waiting[] = [];

/** Who waits to be let in. */
export function useWaiting(name: string, wanted: boolean): Waiting[] {
  const [waiting, setWaiting] = useState(nobody);
  useEffect(() => {
    if (!wanted) return;
    const ask = () => rooms.waiting(name).then(setWaiting, () => undefined);
    void ask();
    const timer = setInterval(() => void ask(), EVERY);
    return () => clearInterval(timer);
  }, [name, wanted]);
  return waiting;
}
