# One static binary in an empty image: no shell, no package manager, no root.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.released=${VERSION}" -o /pushback ./cmd/pushback \
 && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /pushback /usr/bin/pushback
COPY --from=build --chown=65532:65532 /data /data
COPY LICENSE /usr/share/doc/pushback/LICENSE
USER 65532:65532
VOLUME /data
EXPOSE 8484
ENTRYPOINT ["/usr/bin/pushback"]
CMD ["serve", "-c", "/etc/pushback/pushback.yml"]
