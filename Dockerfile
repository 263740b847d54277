# Debian trixie: the uWebSockets.js binary for Node 24 needs glibc 2.38 or newer; bookworm has 2.36.
FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-trixie-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
# The volume is made by the image, so that a fresh one belongs to the user who writes to it.
RUN mkdir --mode=0700 /data && chown node:node /data
USER node
VOLUME /data
# Inside a container loopback is reachable from nowhere else; the admin listener stays on it.
ENV MOKA_DATA_DIR=/data MOKA_HTTP_HOST=0.0.0.0
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/moka.cjs"]
CMD ["serve"]
