# One static binary in an empty image: no shell, no package manager, no root, nothing to write but
# the volume /data and /tmp. It runs with a read-only root file system.
#
#   docker build --build-arg VERSION="$(git describe --tags --always)" -t pushback .
#   docker run --read-only --tmpfs /tmp -v pushback:/data -v "$PWD/etc:/etc/pushback:ro" -p 127.0.0.1:8484:8484 pushback
#
# golang:1.26.8-bookworm by digest. The final image has no base.
FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -ldflags "-s -w -X main.released=${VERSION}" -o /image/usr/bin/pushback ./cmd/pushback \
 && install -d -m 1777 /image/tmp \
 && install -d -m 0750 /data \
 && install -D -m 0644 LICENSE /image/usr/share/doc/pushback/LICENSE \
 && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt

FROM scratch
ARG VERSION=devel
LABEL org.opencontainers.image.title="Pushback" \
      org.opencontainers.image.description="Judges every change to production by its metrics, and rolls the bad ones back" \
      org.opencontainers.image.source="https://github.com/pushback/pushback" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /image/ /
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
VOLUME /data
EXPOSE 8484
# Not /readyz: a restart repairs no metric store (adr/0109).
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/bin/pushback", "healthcheck", "--alive"]
ENTRYPOINT ["/usr/bin/pushback"]
CMD ["serve", "-c", "/etc/pushback/pushback.yml"]
