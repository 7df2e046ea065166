import { useEffect, useState } from "react";
import { rooms, type Waiting } from "../api";

/** How often whoever made the room asks who waits. */
const EVERY = 3000;

const nobody: Waiting[] = [];

/** Who waits to be let in. `onProblem` hears when that cannot be asked any more: once, until it can be again. */
export function useWaiting(name: string, wanted: boolean, onProblem: (e: unknown) => void): Waiting[] {
  const [waiting, setWaiting] = useState(nobody);
  useEffect(() => {
    if (!wanted) return;
    let isWell = true;
    const ask = async () => {
      try {
        setWaiting(await rooms.waiting(name));
        isWell = true;
      } catch (e) {
        if (isWell) onProblem(e);
        isWell = false;
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY);
    return () => clearInterval(timer);
  }, [name, wanted, onProblem]);
  return waiting;
}
