import { Socket } from 'node:net';

/**
 * A connection on which what is written in one turn of the event loop leaves in one system call. pg writes each statement of a pipeline
 * by itself, and each of those wakes the database's process for one statement.
 */
export function gatheringSocket(): Socket {
  const socket = new Socket();
  let gathering = false;
  // Not before: `connect` puts `write` back as it was.
  socket.once('connect', () => {
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    socket.write = (...args: unknown[]) => {
      if (!gathering) {
        gathering = true;
        socket.cork();
        process.nextTick(() => {
          gathering = false;
          socket.uncork();
        });
      }
      return write(...args);
    };
  });
  return socket;
}
