# Nomad counts processors in MHz: 2000 stand for a whole one.
job "wp" {
  datacenters = ["dc1"]
  type        = "service"

  group "wp" {
    network {
      mode = "bridge"

      port "http" {
        static = 8081
        to     = 80
      }
    }

    volume "wp-db-mysql" {
      type   = "host"
      source = "wp-db-mysql"
    }

    volume "wp-wp-content" {
      type   = "host"
      source = "wp-wp-content"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "wp-db"
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
      name     = "wp"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "wp-db" {
      driver = "docker"

      config {
        image       = "mysql:5.7"
        extra_hosts = ["mysql:127.0.0.1", "wp:127.0.0.1", "wp-db:127.0.0.1"]
      }

      env {
        MYSQL_DATABASE = "wp"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/wp/wp/wp-db" }}
MYSQL_ROOT_PASSWORD={{ .MYSQL_ROOT_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "wp-db-mysql"
        destination = "/var/lib/mysql"
      }

      resources {
        memory = 512
      }
    }

    task "wp" {
      driver = "docker"

      config {
        image       = "wordpress"
        extra_hosts = ["mysql:127.0.0.1", "wp:127.0.0.1", "wp-db:127.0.0.1"]
      }

      env {
        WORDPRESS_DB_HOST = "mysql"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/wp/wp/wp" }}
WORDPRESS_DB_PASSWORD={{ .WORDPRESS_DB_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "wp-wp-content"
        destination = "/var/www/html/wp-content"
      }

      resources {
        cpu        = 3000
        memory     = 128
        memory_max = 256
      }
    }
  }
}
