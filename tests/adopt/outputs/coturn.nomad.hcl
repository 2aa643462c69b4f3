job "coturn" {
  datacenters = ["dc1"]
  type        = "service"

  group "coturn" {
    network {
      mode = "bridge"

      port "port3478" {
        static = 3478
        to     = 3478
      }

      port "port5349" {
        static = 5349
        to     = 5349
      }

      port "port49160" {
        static = 49160
        to     = 49160
      }

      port "port49161" {
        static = 49161
        to     = 49161
      }

      port "port49162" {
        static = 49162
        to     = 49162
      }

      port "port49163" {
        static = 49163
        to     = 49163
      }

      port "port49164" {
        static = 49164
        to     = 49164
      }

      port "port49165" {
        static = 49165
        to     = 49165
      }

      port "port49166" {
        static = 49166
        to     = 49166
      }

      port "port49167" {
        static = 49167
        to     = 49167
      }

      port "port49168" {
        static = 49168
        to     = 49168
      }

      port "port49169" {
        static = 49169
        to     = 49169
      }

      port "port49170" {
        static = 49170
        to     = 49170
      }

      port "port49171" {
        static = 49171
        to     = 49171
      }

      port "port49172" {
        static = 49172
        to     = 49172
      }

      port "port49173" {
        static = 49173
        to     = 49173
      }

      port "port49174" {
        static = 49174
        to     = 49174
      }

      port "port49175" {
        static = 49175
        to     = 49175
      }

      port "port49176" {
        static = 49176
        to     = 49176
      }

      port "port49177" {
        static = 49177
        to     = 49177
      }

      port "port49178" {
        static = 49178
        to     = 49178
      }

      port "port49179" {
        static = 49179
        to     = 49179
      }

      port "port49180" {
        static = 49180
        to     = 49180
      }

      port "port49181" {
        static = 49181
        to     = 49181
      }

      port "port49182" {
        static = 49182
        to     = 49182
      }

      port "port49183" {
        static = 49183
        to     = 49183
      }

      port "port49184" {
        static = 49184
        to     = 49184
      }

      port "port49185" {
        static = 49185
        to     = 49185
      }

      port "port49186" {
        static = 49186
        to     = 49186
      }

      port "port49187" {
        static = 49187
        to     = 49187
      }

      port "port49188" {
        static = 49188
        to     = 49188
      }

      port "port49189" {
        static = 49189
        to     = 49189
      }

      port "port49190" {
        static = 49190
        to     = 49190
      }

      port "port49191" {
        static = 49191
        to     = 49191
      }

      port "port49192" {
        static = 49192
        to     = 49192
      }

      port "port49193" {
        static = 49193
        to     = 49193
      }

      port "port49194" {
        static = 49194
        to     = 49194
      }

      port "port49195" {
        static = 49195
        to     = 49195
      }

      port "port49196" {
        static = 49196
        to     = 49196
      }

      port "port49197" {
        static = 49197
        to     = 49197
      }

      port "port49198" {
        static = 49198
        to     = 49198
      }

      port "port49199" {
        static = 49199
        to     = 49199
      }

      port "port49200" {
        static = 49200
        to     = 49200
      }
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "coturn"
      provider = "nomad"
      port     = "port3478"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "coturn" {
      driver = "docker"
      user   = "nobody:nogroup"

      config {
        image = "coturn/coturn:4.6"
        args = [
          "-n",
          "--realm=turn.example.org",
          "--static-auth-secret=${COTURN_STATIC_AUTH_SECRET}",
          "--min-port=49160",
          "--max-port=49200",
        ]

        mount {
          type   = "tmpfs"
          target = "/var/lib/coturn"

          tmpfs_options {
            size = 16777216
          }
        }
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/coturn/coturn/coturn" }}
COTURN_STATIC_AUTH_SECRET={{ .COTURN_STATIC_AUTH_SECRET.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }
  }
}
