job "ghost" {
  datacenters = ["dc1"]
  type        = "service"

  group "ghost" {
    network {
      mode = "bridge"

      port "port2368" {
        static = 8080
        to     = 2368
      }
    }

    volume "db-mysql" {
      type   = "host"
      source = "ghost-db-mysql"
    }

    volume "ghost-content" {
      type   = "host"
      source = "ghost-content"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "db"
      provider     = "nomad"
      port         = "3306"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "3306"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name     = "ghost"
      provider = "nomad"
      port     = "port2368"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "db" {
      driver = "docker"

      config {
        image = "mysql:8.0"
        args = [
          "mysqld",
          "--innodb-buffer-pool-size=80M",
          "--default-authentication-plugin=mysql_native_password",
        ]
        extra_hosts = ["db:127.0.0.1", "ghost:127.0.0.1", "mysql:127.0.0.1"]

        ulimit {
          nofile = "20000:40000"
          nproc  = "65535"
        }
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/ghost/ghost/db" }}
MYSQL_ROOT_PASSWORD={{ .MYSQL_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "db-mysql"
        destination = "/var/lib/mysql"
      }

      resources {
        memory = 512
      }
    }

    task "ghost" {
      driver = "docker"

      config {
        image       = "ghost:5-alpine"
        extra_hosts = ["db:127.0.0.1", "ghost:127.0.0.1", "mysql:127.0.0.1"]
      }

      env {
        database__client               = "mysql"
        database__connection__database = "ghost"
        database__connection__host     = "mysql"
        database__connection__user     = "root"
        url                            = "http://localhost:8080"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/ghost/ghost/ghost" }}
database__connection__password={{ .database__connection__password.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "ghost-content"
        destination = "/var/lib/ghost/content"
      }

      resources {
        memory = 512
      }
    }
  }
}
