job "nextcloud" {
  datacenters = ["dc1"]
  type        = "service"

  group "nextcloud" {
    network {
      mode = "bridge"

      port "http" {
        static = 8088
        to     = 80
      }
    }

    volume "nextcloud-data" {
      type   = "host"
      source = "nextcloud-data"
    }

    volume "nextcloud-db-mysql" {
      type   = "host"
      source = "nextcloud-db-mysql"
    }

    volume "nextcloud-html" {
      type   = "host"
      source = "nextcloud-html"
    }

    volume "nextcloud-redis-data" {
      type   = "host"
      source = "nextcloud-redis-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "nextcloud"
      provider = "nomad"
      port     = "http"

      check {
        type     = "http"
        path     = "/status.php"
        interval = "30s"
        timeout  = "5s"
      }
    }

    service {
      name         = "nextcloud-db"
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
      name         = "nextcloud-redis"
      provider     = "nomad"
      port         = "6379"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "6379"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    task "nextcloud" {
      driver = "docker"

      config {
        image = "nextcloud:31-apache"
        extra_hosts = [
          "nextcloud:127.0.0.1",
          "nextcloud-db:127.0.0.1",
          "nextcloud-redis:127.0.0.1",
          "nextcloud_db:127.0.0.1",
          "nextcloud_redis:127.0.0.1",
        ]
      }

      env {
        MYSQL_DATABASE    = "nextcloud"
        MYSQL_HOST        = "nextcloud_db"
        MYSQL_USER        = "nextcloud"
        OVERWRITEPROTOCOL = "https"
        REDIS_HOST        = "nextcloud_redis"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/nextcloud/nextcloud/nextcloud" }}
MYSQL_PASSWORD={{ .MYSQL_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "nextcloud-html"
        destination = "/var/www/html"
      }

      volume_mount {
        volume      = "nextcloud-data"
        destination = "/var/www/html/data"
      }

      resources {
        memory = 512
      }
    }

    task "nextcloud-db" {
      driver = "docker"

      config {
        image = "mariadb:11.4"
        args  = ["mariadbd", "--transaction-isolation=READ-COMMITTED", "--binlog-format=ROW"]
        extra_hosts = [
          "nextcloud:127.0.0.1",
          "nextcloud-db:127.0.0.1",
          "nextcloud-redis:127.0.0.1",
          "nextcloud_db:127.0.0.1",
          "nextcloud_redis:127.0.0.1",
        ]
      }

      env {
        MARIADB_DATABASE = "nextcloud"
        MARIADB_USER     = "nextcloud"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/nextcloud/nextcloud/nextcloud-db" }}
MARIADB_PASSWORD={{ .MARIADB_PASSWORD.Value | toJSON }}
MARIADB_ROOT_PASSWORD={{ .MARIADB_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "nextcloud-db-mysql"
        destination = "/var/lib/mysql"
      }

      resources {
        memory = 512
      }
    }

    task "nextcloud-redis" {
      driver = "docker"

      config {
        image = "redis:7-alpine"
        args  = ["redis-server", "--requirepass", "${NEXTCLOUD_REDIS_PASSWORD}"]
        extra_hosts = [
          "nextcloud:127.0.0.1",
          "nextcloud-db:127.0.0.1",
          "nextcloud-redis:127.0.0.1",
          "nextcloud_db:127.0.0.1",
          "nextcloud_redis:127.0.0.1",
        ]
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/nextcloud/nextcloud/nextcloud-redis" }}
NEXTCLOUD_REDIS_PASSWORD={{ .NEXTCLOUD_REDIS_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "nextcloud-redis-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}
