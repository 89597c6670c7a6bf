// Socket.IO on node, with its in-memory adapter.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], pingInterval: 600_000, connectTimeout: 120_000 });

io.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("message", ({ room, message }) => io.to(room).emit("message", message));
});

http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 1024 });
